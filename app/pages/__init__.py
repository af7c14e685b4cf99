"""The pages people use all day: drawn by the server from the catalog and the records, with our own small CSS and JS.

No page knows a business by name: what a plugin declares, it has pages for. Reads go through the same filters and masks
as the API, writes are actions. ``docs/pages.md`` draws the map of this folder.
"""
