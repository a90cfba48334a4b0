"""The HTML door: pages for patients, practices, officers and operators."""
