"""The outlines of the land for the page's map, from Natural Earth (public domain), as one small SVG path."""
