# Each target does all of its own set-up, in a private virtual environment.
PYTHON ?= python3
VENV ?= .venv
SCRIPT ?=
TESTS ?= tests

bin := $(VENV)/bin
sources := $(shell find src native build-aux -type f -not -name '*.pyc') meson.build pyproject.toml
# what the shell around may have set would measure, or test, something else
clean_python := env -u PYTHONDONTWRITEBYTECODE -u PYTHONUNBUFFERED -u PYTHONPATH -u PYTHONHOME

.PHONY: help test demo bench docs lint native clean

help:
	@echo 'make test    run the tests against the installed wheel'
	@echo 'make demo    start a real program plainly, for the first time, and from its entry'
	@echo 'make bench   measure every claim of speed (SCRIPT and PYTHON may be given)'
	@echo 'make lint    ruff, mypy --strict, and the C build with every warning an error'
	@echo 'make docs    build the documentation, every warning an error'
	@echo 'make clean   remove what these made'

$(VENV)/.installed: $(sources)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")'
	@test -x $(bin)/pip || $(PYTHON) -m venv $(VENV)
	@rm -rf $(VENV)/wheel
	$(clean_python) $(bin)/pip --quiet --disable-pip-version-check wheel --no-deps --wheel-dir $(VENV)/wheel .
	$(clean_python) $(bin)/pip --quiet --disable-pip-version-check install --force-reinstall --no-deps $(VENV)/wheel/*.whl
	$(clean_python) $(bin)/pip --quiet --disable-pip-version-check install "mainspring[test] @ file://$$(echo $(CURDIR)/$(VENV)/wheel/*.whl)"
	@touch $@

test: $(VENV)/.installed
	$(clean_python) $(bin)/python -m pytest -n 2 $(TESTS)

demo: $(VENV)/.installed
	@$(clean_python) $(bin)/python bench/demo.py $(SCRIPT)

bench: $(VENV)/.installed
	@$(clean_python) $(bin)/python bench/starts.py
	@$(clean_python) $(bin)/python bench/ahead.py
	@$(clean_python) $(bin)/python bench/sweep.py
	@$(clean_python) $(bin)/python bench/warm.py
	@$(clean_python) $(bin)/python bench/gateway.py

docs: $(VENV)/.installed
	$(clean_python) $(bin)/python -m sphinx -W --keep-going -n -q -d $(VENV)/docs/trees docs $(VENV)/docs/html
	@echo 'see $(VENV)/docs/html/index.html'

lint: $(VENV)/.lint
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy
	$(bin)/clang-format --dry-run --Werror native/*.[ch] native/launcher/*.[ch] native/warm/*.[ch] native/gateway/*.[ch] fuzz/*.[ch]
	$(MAKE) native

$(VENV)/.lint: pyproject.toml
	@test -x $(bin)/pip || $(PYTHON) -m venv $(VENV)
	$(bin)/pip --quiet --disable-pip-version-check install 'click>=8.2' 'rich>=13' 'docutils>=0.22' meson ninja \
	    $$($(PYTHON) -c 'import tomllib; print(*(repr(r) for r in tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["lint"]))' | tr -d "'")
	@touch $@

native: $(VENV)/.lint
	PATH="$(CURDIR)/$(bin):$$PATH" $(bin)/meson setup --wipe --werror $(VENV)/native >/dev/null 2>&1 || \
	    PATH="$(CURDIR)/$(bin):$$PATH" $(bin)/meson setup --werror $(VENV)/native
	PATH="$(CURDIR)/$(bin):$$PATH" $(bin)/meson compile -C $(VENV)/native

clean:
	rm -rf $(VENV) .nox build dist
