"""Churn: who will not buy again within the gap that is usual for her."""
