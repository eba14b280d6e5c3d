"""Serves CGI scripts (RFC 3875), unmodified, over FastCGI, SCGI and HTTP, from hosts that wait warm."""
