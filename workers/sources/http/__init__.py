"""Systems that are asked over HTTP for JSON, page by page: their rows are taken like those of a file."""
