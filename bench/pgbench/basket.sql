-- What a till knows when somebody pays: who, where, when, and five products by number.
SELECT sent.id, sent.at,
       (sent.at AT TIME ZONE till.time_zone - make_interval(hours => till.day_ends_at))::date AS day,
       till.register, till.number, till.store, ARRAY[till.store] AS stores, till.code,
       till.currency, till.cashier AS user, till.version AS rules,
       till.prices_include_tax AS inclusive, till.tender, basket.ids, sent.body,
       encode(sha256(convert_to(sent.body::text, 'UTF8')), 'hex') AS body_hash
FROM bench.till AS till
CROSS JOIN LATERAL (
    SELECT array_agg(goods.id) AS ids
    FROM (
        SELECT n FROM unnest(%(drawn)s) WITH ORDINALITY AS drawn (n, place)
        GROUP BY n ORDER BY min(place) LIMIT 5
    ) AS drawn
    JOIN bench.goods AS goods ON goods.n = drawn.n
) AS basket
CROSS JOIN LATERAL (
    SELECT uuidv7() AS id, date_trunc('milliseconds', now()) AS at,
           jsonb_build_object(
               'register', till.register, 'customer', NULL, 'salesman', NULL, 'quote', NULL,
               'shown_total', '12.34', 'approvals', '[]'::jsonb,
               'payments', jsonb_build_array(jsonb_build_object(
                   'tender', 'cash', 'amount', '12.34', 'reference', '', 'last4', ''
               )),
               'lines', (
                   SELECT jsonb_agg(jsonb_build_object(
                       'product', product, 'barcode', NULL, 'quantity', '1', 'discount', NULL,
                       'price', NULL, 'returns', NULL, 'reason', '', 'disposition', ''
                   ))
                   FROM unnest(basket.ids) AS product
               )
           ) AS body
) AS sent
WHERE till.n = %(till)s
