"""Reading records: lists and single ones, under the reader's filters and masks."""
