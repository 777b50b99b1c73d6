"""Why a file cannot be read at all; what is wrong with single rows goes to the quarantine instead."""

from domain.kernel.errors import KoiError, NotFoundError


class SourceFileError(KoiError):
    """The file is not what the mapping says it is."""

    code = "source.file"


class NoSuchFileError(NotFoundError):
    """There is no file of that name."""

    code = "source.no_file"
