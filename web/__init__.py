"""The portal: pages, forms, API. Asks once, renders once."""
