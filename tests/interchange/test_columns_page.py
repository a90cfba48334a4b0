"""The page of recognised columns says what the tables say."""

from pathlib import Path

from serment.interchange import columns_page, patient_columns

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "csv-columns.md"


def test_the_page_is_what_the_tables_say() -> None:
    assert PAGE.read_text() == columns_page.page(), columns_page.__doc__


def test_every_header_on_the_page_is_taken_for_its_column() -> None:
    for column, names in patient_columns.recognised().items():
        for name in names:
            assert patient_columns.fields_of([name.upper()]) == [column]


def test_a_table_that_grew_is_noticed() -> None:
    """The control: one more synonym, and the page is another one."""
    before = columns_page.page()
    patient_columns._SYNONYMS["city"] += ";patelin"
    try:
        assert columns_page.page() != before
    finally:
        patient_columns._SYNONYMS["city"] = patient_columns._SYNONYMS["city"].removesuffix(
            ";patelin"
        )
