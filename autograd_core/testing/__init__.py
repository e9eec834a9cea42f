"""Proof that derivatives are right: the gradient check, and what it reports."""

from . import strategies
from .gradcheck import gradcheck
from .report import Finding, GradcheckError, Report

__all__ = ["Finding", "GradcheckError", "Report", "gradcheck", "strategies"]
