"""The areas of the API: reads and commands of one area share paths, so they are one controller to the framework."""

from api.routes.customer_commands import CustomerCommands
from api.routes.customer_segments import CustomerSegmentReads
from api.routes.customer_tags import CustomerTagReads
from api.routes.customers import CustomerReads
from api.routes.segment_commands import SegmentCommands
from api.routes.segment_reads import SegmentReads
from api.routes.tag_commands import TagCommands
from api.routes.tag_differences import TagDifferences
from api.routes.tag_reads import TagReads


class CustomerController(CustomerReads, CustomerSegmentReads, CustomerTagReads, CustomerCommands):
    """Customers."""


class SegmentController(SegmentReads, SegmentCommands):
    """Segments."""


class TagController(TagReads, TagDifferences, TagCommands):
    """Tags of the catalogue."""
