"""The pieces of `apps.report`: run folders in, one page of HTML out."""
