"""A process serves requests of one script, one after the other: `__main__` is fresh, modules stay.

It is run by the script's interpreter, from 3.8 on and with nothing of Mainspring's, and so it
depends on nothing but what an interpreter has loaded or built in: its parts are joined into one file when
the wheel is built.  It is called as

    python OPTIONS _kept_child.py SCRIPT        with a stream socket as standard input

and is asked, and answers, by that socket; numbers are little-endian, of 4 bytes:

    request = LENGTH of what follows, FLAGS, COUNT, folder NUL, (word NUL)*, (variable NUL)*
              with three descriptors, for 0, 1 and 2
    FLAGS   = 1 if no request follows, else 0
    word    = COUNT of them, as in sys.orig_argv: the interpreter, its options, the script, its arguments
    answer  = "S"          the script begins
            | "R"          it does not, and this process ends: a file has changed, the folder is gone, or
                           the script does not compile, of which CPython has its own words to say
            | "K" STATUS   it has ended with that exit status, and the process waits for the next one

Where there is no "K", the process itself has ended, as a process that ran the script alone would have:
after the last request, an exception, a thread that is left, or what could mix two requests' output.

Fresh for each request: the module `__main__`, sys.argv, sys.orig_argv, os.environ, the working directory,
the umask, what sys.stdin, sys.stdout and sys.stderr write to and read from (the objects stay the same,
since modules hold them), timers, and the handlers of `atexit` that the script itself registered: they are
called at its end.  Signal handlers, sys.excepthook, sys.displayhook and the filters of warnings are put
back, unless modules were imported in the same request: then they are taken to be theirs.

Everything else stays as the script leaves it: modules and what is in them, sys.path (without doubles),
open descriptors, locale, limits, priority, threads of modules.  At the script's end its global names are
cleared, as at the end of a process: what it has left in modules (callbacks, classes) cannot use them.
What only it held goes before the answer ends, in cycles or not: files, connections, transactions.

What has changed is found before each request: by the stat of each module's file, and of the script; and
by that of each folder that modules were found in, or looked for in, and by what came or went where that
differs.  Any module that comes or goes ends the process: it might be imported instead of another, or
where an import has failed.  Not noticed is a folder that becomes a package later than it came to be, if
no module of its name was imported; nor a change within a .pth file.
"""
