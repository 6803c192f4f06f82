-- What became of each listing that a brand reported since a moment and before another, counted again from the tables.
WITH item AS (
    SELECT i.report_id, i.number, r.known_at AS reported_at,
        (SELECT o.result FROM report_outcome o WHERE o.report_id = i.report_id AND o.number = i.number
            ORDER BY o.step DESC LIMIT 1) AS latest,
        (SELECT max(o.case_id) FROM report_outcome o WHERE o.report_id = i.report_id AND o.number = i.number) AS case_id,
        (SELECT min(o.known_at) FROM report_outcome o WHERE o.report_id = i.report_id AND o.number = i.number
            AND o.result IN ('scheduled', 'pending_approval', 'case') AND o.code <> 'step_up') AS examined_at,
        (SELECT count(*) FROM report_outcome o WHERE o.report_id = i.report_id AND o.number = i.number
            AND o.result = 'scheduled') AS at_once
    FROM report_item i
    JOIN report r ON r.report_id = i.report_id
    WHERE r.marketplace_id = :here AND r.brand_id = :brand AND r.known_at >= :since AND r.known_at < :until
),
removal AS (
    SELECT v.case_id, a.action_id, a.state, a.acknowledged_at
    FROM action a JOIN verdict v ON v.verdict_id = a.verdict_id
    WHERE a.kind = 'remove' AND NOT EXISTS (
        SELECT 1 FROM action b JOIN verdict w ON w.verdict_id = b.verdict_id
        WHERE b.kind = 'remove' AND w.case_id = v.case_id AND b.sequence > a.sequence
    )
)
SELECT item.report_id, item.number, item.at_once, item.examined_at, m.acknowledged_at,
    CASE
        WHEN item.latest IN ('retracted', 'withdrawn') THEN item.latest
        WHEN item.latest IN ('refused', 'expired') THEN 'not_examined'
        WHEN m.state = 'acknowledged' AND EXISTS (
            SELECT 1 FROM overturn t WHERE t.action_id = m.action_id AND t.undone_at IS NULL
        ) THEN 'overturned'
        WHEN m.state = 'acknowledged' THEN 'accepted'
        WHEN m.state = 'withdrawn' THEN 'rejected'
        WHEN m.action_id IS NULL AND c.state = 'decided' AND EXISTS (
            SELECT 1 FROM verdict v WHERE v.case_id = c.case_id AND v.side = 'analyst'
            AND v.judgement NOT IN ('counterfeit', 'withdrawn')
        ) THEN 'rejected'
        ELSE 'open'
    END AS ended
FROM item
LEFT JOIN removal m ON m.case_id = item.case_id
LEFT JOIN review_case c ON c.case_id = item.case_id
ORDER BY item.report_id, item.number
