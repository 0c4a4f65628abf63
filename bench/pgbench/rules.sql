-- What the application computes under the locks: prices, taxes, totals, and every row to be.
-- Prices include tax or not; nothing is discounted, and cash is paid exactly.
WITH priced AS MATERIALIZED (
    SELECT uuidv7() AS id, row_number() OVER (ORDER BY found.id) AS number, found.id AS product,
           found.sku, found.name, found.unit, found.price, found.tax_code, found.tax_percent,
           found.tax_parts, level.id AS level,
           level.on_hand AS stood, level.average_cost AS cost, 1 AS quantity,
           round(found.price, 2) AS charged,
           round(round(found.price, 2) * found.tax_percent
                 / (CASE WHEN %(inclusive)s THEN 100 + found.tax_percent ELSE 100 END), 2) AS tax
    FROM unnest(%(found)s) AS found
    JOIN unnest(%(locked)s) AS level ON level.product_id = found.id
), line AS MATERIALIZED (
    SELECT *, CASE WHEN %(inclusive)s THEN charged - tax ELSE charged END AS net,
           CASE WHEN %(inclusive)s THEN charged ELSE charged + tax END AS total
    FROM priced
), sums AS MATERIALIZED (
    SELECT sum(net) AS net, sum(tax) AS tax, sum(total) AS total FROM line
), made AS MATERIALIZED (
    SELECT
        jsonb_build_object(
            'id', %(id)s, 'kind', 'sale', 'store_id', %(store)s, 'register_id', %(register)s,
            'shift_id', %(shift)s, 'cashier_id', %(user)s, 'currency', %(currency)s,
            'prices_include_tax', %(inclusive)s, 'rules_version', %(rules)s, 'epoch', %(epoch)s,
            'number', %(last_receipt)s + 1,
            'receipt_number', format(
                '%s-%s-%s-%s', %(code)s, %(number)s, %(epoch)s,
                lpad((%(last_receipt)s + 1)::text, 6, '0')
            ),
            'net', sums.net, 'tax', sums.tax, 'discount', 0, 'total', sums.total, 'rounding', 0,
            'payable', sums.total, 'occurred_at', %(at)s, 'recorded_at', %(at)s,
            'business_day', %(day)s, 'source', 'api', 'body_hash', %(body_hash)s
        ) AS sale,
        (
            SELECT jsonb_agg(jsonb_build_object(
                'id', id, 'sale_id', %(id)s, 'number', number, 'kind', 'goods', 'product_id', product,
                'description', name, 'sku', sku, 'unit', unit, 'quantity', quantity,
                'list_price', price, 'unit_price', price, 'price_basis', 'unit', 'discount', 0,
                'discount_reason', '', 'net', net, 'tax_code', tax_code, 'tax_percent', tax_percent,
                'tax_parts', coalesce(tax_parts, '[]'::jsonb), 'tax', tax, 'total', total,
                'cost', cost, 'reason', '', 'disposition', ''
            ) ORDER BY number)
            FROM line
        ) AS lines,
        (
            SELECT jsonb_agg(jsonb_build_object(
                'level_id', level, 'quantity', -quantity, 'balance', stood - quantity,
                'kind', 'sale', 'unit_cost', cost, 'bin', '', 'reason', '', 'source_type', 'sale',
                'source_id', %(id)s, 'source_line', number, 'who_id', %(user)s, 'at', %(at)s
            ) ORDER BY number)
            FROM line
        ) AS moves,
        (SELECT array_agg(level) FROM line) AS level_ids,
        (
            SELECT jsonb_agg(jsonb_build_object(
                'id', level, 'quantity', -quantity, 'times', 1, 'cost', cost
            ))
            FROM line
        ) AS levels,
        sums.total
    FROM sums
), told AS MATERIALIZED (
    SELECT made.*, %(seq)s + 1 AS next,
           sale || jsonb_build_object('lines', lines, 'prev', %(prev)s) AS answer
    FROM made
), sealed AS MATERIALIZED (
    SELECT told.*, convert_to(answer::text, 'UTF8') AS payload,
           encode(sha256(convert_to(answer::text, 'UTF8')), 'hex') AS hash
    FROM told
)
SELECT sale, lines,
       jsonb_build_array(jsonb_build_object(
           'id', uuidv7(), 'sale_id', %(id)s, 'number', 1, 'tender_id', %(tender)s, 'amount', total,
           'handed_over', total, 'change', 0, 'reference', '', 'last4', ''
       )) AS payments,
       jsonb_build_array(jsonb_build_object(
           'id', uuidv7(), 'shift_id', %(shift)s, 'kind', 'sale', 'amount', total, 'reason', '',
           'sale_id', %(id)s, 'who_id', %(user)s, 'at', %(at)s
       )) AS cash,
       moves, level_ids, levels, total AS in_drawer, answer, payload,
       jsonb_build_object(
           'register_id', %(register)s, 'seq', next, 'hash', hash,
           'last_receipt', %(last_receipt)s + 1, 'perpetual_sales', %(perpetual_sales)s + total,
           'perpetual_returns', %(perpetual_returns)s, 'perpetual_net', %(perpetual_net)s + total
       ) AS head,
       jsonb_build_object(
           'register_id', %(register)s, 'store_id', %(store)s, 'epoch', %(epoch)s, 'seq', next,
           'series', 'sale', 'business_id', %(id)s, 'occurred_at', %(at)s, 'recorded_at', %(at)s,
           'prev_hash', %(prev)s, 'hash', hash, 'hash_version', 1,
           'perpetual_sales', %(perpetual_sales)s + total,
           'perpetual_returns', %(perpetual_returns)s, 'perpetual_net', %(perpetual_net)s + total
       ) AS record
FROM sealed
