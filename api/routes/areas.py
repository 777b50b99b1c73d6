"""The areas of the API: reads and commands of one area share paths, so they are one controller to the framework."""

from api.routes.customer_commands import CustomerCommands
from api.routes.customer_segments import CustomerSegmentReads
from api.routes.customers import CustomerReads
from api.routes.segment_commands import SegmentCommands
from api.routes.segment_reads import SegmentReads


class CustomerController(CustomerReads, CustomerSegmentReads, CustomerCommands):
    """Customers."""


class SegmentController(SegmentReads, SegmentCommands):
    """Segments."""
