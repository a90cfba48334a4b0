"""End-to-end encrypted documents and messages; filled by the work on documents."""
