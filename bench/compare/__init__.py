# SPDX-License-Identifier: Apache-2.0
"""What ./dev bench makes of its measurements: CSV files, summary.json, a verdict, a report with pictures.

No module but figures and notebook needs more than Python itself.
"""
