"""Proof that derivatives are right: the gradient check, and what it reports."""

from .gradcheck import gradcheck
from .report import Finding, GradcheckError, Report

__all__ = ["Finding", "GradcheckError", "Report", "gradcheck"]
