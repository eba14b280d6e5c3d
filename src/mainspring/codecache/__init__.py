"""From a source file to its code, through entries kept from earlier starts."""
