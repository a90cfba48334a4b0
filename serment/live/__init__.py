"""The public port: takes requests in, relays to the web process, decides no right by itself."""
