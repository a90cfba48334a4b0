"""Settings, command line and process supervisor; the only package that reads the environment."""
