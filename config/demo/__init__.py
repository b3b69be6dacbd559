"""The demo province: made-up institutions and people, and hazards whose histories the real actions wrote.

Nothing here runs outside a demo (`manage.py demo` refuses), and nothing in the product imports it.
"""
