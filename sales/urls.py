"""Where selling is: /till/... and /sales/...; nouns, and the verbs are HTTP's."""

from django.urls import path

from sales.views import cash, dashboard, payment, receipts, registers, returns, shift, till

app_name = "sales"

urlpatterns = [
    path("dashboard/", dashboard.dashboard, name="dashboard"),
    # ---- the till: its sale, and paying for it
    path("till/", registers.registers, name="till"),
    path("till/registers/<uuid:register_id>/", registers.register, name="register"),
    path("till/attempts/<uuid:attempt_id>/", payment.attempt, name="attempt"),
    path("till/<uuid:cart_id>/", till.cart, name="cart"),
    path("till/<uuid:cart_id>/lines/", till.lines, name="lines"),
    path("till/<uuid:cart_id>/lines/<int:number>/", till.line, name="line"),
    path("till/<uuid:cart_id>/steps/", till.steps, name="steps"),
    path("till/<uuid:cart_id>/found/", till.found, name="found"),
    path("till/<uuid:cart_id>/tiles/", till.tiles, name="tiles"),
    path("till/<uuid:cart_id>/parked/", till.parked, name="parked"),
    path("till/<uuid:cart_id>/recalled/", till.recalled, name="recalled"),
    path("till/<uuid:cart_id>/payment/", payment.payment, name="payment"),
    # ---- shifts
    path("till/shift/", shift.shift, name="shift"),
    path("till/shift/<uuid:shift_id>/closure/", shift.closure, name="closure"),
    path("till/shift/<uuid:shift_id>/cash/", cash.cash, name="cash"),
    path("till/shift/<uuid:shift_id>/report/", shift.report, name="report"),
    # ---- receipts and returns
    path("till/receipts/", receipts.receipts, name="receipts"),
    path("till/receipts/<uuid:sale_id>/", receipts.receipt, name="receipt"),
    path("till/receipts/<uuid:sale_id>/return/", returns.returns, name="returns"),
]
