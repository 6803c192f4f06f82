-- The accuracy of automated means, counted again from the tables: one row for all listings of the group.
-- Parameters: here, since, until, mature (until minus the time in which a label matures). {group} selects the listings.
WITH given AS (
    SELECT v.*, later.known_at AS undone_at
    FROM verdict v
    LEFT JOIN verdict later ON later.marketplace_id = v.marketplace_id AND later.supersedes_id = v.verdict_id
    WHERE v.marketplace_id = :here AND v.judgement <> 'withdrawn' AND v.known_at <= :until
),
standing AS (
    SELECT g.* FROM given g
    WHERE (g.undone_at IS NULL OR g.undone_at > :until)
    AND NOT EXISTS (
        SELECT 1
        FROM action a
        JOIN removal_approval r ON r.marketplace_id = a.marketplace_id AND r.action_id = a.action_id
        WHERE a.marketplace_id = :here AND a.listing_id = g.listing_id AND g.judgement = 'counterfeit'
        AND (r.settled_at IS NULL OR r.settled_at > :until)
        AND (g.known_at > r.pending_since OR (g.known_at = r.pending_since AND g.verdict_id >= a.verdict_id))
    )
),
answers AS (
    SELECT s.*, CASE WHEN s.judgement = 'counterfeit' THEN 1 ELSE 0 END AS fake
    FROM standing s
    WHERE s.lane <> 'appeal' AND NOT s.passed_on
    AND s.judgement IN ('counterfeit', 'genuine', 'licensed', 'grey_market')
),
of_brand AS (
    SELECT version_id, fake, known_at FROM (
        SELECT a.*, row_number() OVER (PARTITION BY version_id ORDER BY known_at DESC, verdict_id DESC) AS n
        FROM answers a WHERE side = 'brand'
    ) ranked WHERE n = 1
),
votes AS (
    SELECT version_id, fake, known_at, lane FROM (
        SELECT a.*, row_number() OVER (PARTITION BY version_id, user_id ORDER BY known_at DESC, verdict_id DESC) AS n
        FROM answers a WHERE side = 'analyst'
    ) ranked WHERE n = 1
),
of_analysts AS (
    SELECT version_id, max(fake) AS fake, min(fake) AS least, count(*) AS analysts, max(known_at) AS known_at,
        max(CASE WHEN lane = 'audit' THEN 1 ELSE 0 END) AS drawn
    FROM votes GROUP BY version_id
),
appealed AS (
    SELECT version_id, case_id FROM (
        SELECT v.version_id, p.case_id,
            row_number() OVER (PARTITION BY v.version_id ORDER BY p.known_at DESC, p.appeal_id DESC) AS n
        FROM appeal p
        JOIN action a ON a.marketplace_id = p.marketplace_id AND a.action_id = p.action_id
        JOIN verdict v ON v.marketplace_id = a.marketplace_id AND v.verdict_id = a.verdict_id
        WHERE p.marketplace_id = :here AND p.known_at <= :until
    ) ranked WHERE n = 1
),
decided AS (
    SELECT case_id, judgement, known_at FROM (
        SELECT s.*, row_number() OVER (PARTITION BY case_id ORDER BY known_at DESC, verdict_id DESC) AS n
        FROM standing s WHERE s.lane = 'appeal'
    ) ranked WHERE n = 1
),
judged AS (SELECT DISTINCT version_id FROM given),
label AS (
    SELECT j.version_id, CASE
        WHEN p.case_id IS NOT NULL AND d.case_id IS NULL THEN NULL
        WHEN d.judgement <> 'counterfeit' THEN CASE WHEN NOT EXISTS (
            SELECT 1 FROM standing s
            WHERE s.version_id = j.version_id AND s.lane <> 'appeal' AND s.known_at <= d.known_at AND s.known_at > :mature
        ) THEN 0 END
        WHEN b.version_id IS NOT NULL THEN CASE WHEN b.known_at <= :mature THEN b.fake END
        WHEN r.fake <> r.least THEN NULL
        WHEN r.analysts = 1 AND r.fake = 1 AND r.drawn = 1 AND d.case_id IS NULL THEN NULL
        WHEN r.known_at <= :mature THEN r.fake
    END AS fake
    FROM judged j
    LEFT JOIN of_brand b ON b.version_id = j.version_id
    LEFT JOIN of_analysts r ON r.version_id = j.version_id
    LEFT JOIN appealed p ON p.version_id = j.version_id
    LEFT JOIN decided d ON d.case_id = p.case_id
),
first_score AS (
    SELECT s.version_id, s.probability, s.lane, s.inclusion_probability AS chance
    FROM score s
    WHERE s.marketplace_id = :here AND s.scored_at >= :since AND s.scored_at < :until
    AND NOT EXISTS (
        SELECT 1 FROM score e
        WHERE e.marketplace_id = :here AND e.version_id = s.version_id AND e.scored_at >= :since
        AND e.score_id < s.score_id
    )
),
listings AS (
    SELECT f.*, l.fake, CASE WHEN EXISTS (
        SELECT 1 FROM review_case c
        WHERE c.marketplace_id = :here AND c.version_id = f.version_id AND c.opened_at >= :since
    ) THEN 1 ELSE 0 END AS reviewed
    FROM first_score f
    LEFT JOIN label l ON l.version_id = f.version_id
    WHERE f.probability IS NOT NULL
),
counts AS (
    SELECT count(*) AS n,
        coalesce(sum(CASE WHEN reviewed = 1 AND chance = 1 THEN 1 ELSE 0 END), 0) AS certain,
        coalesce(sum(CASE WHEN reviewed = 1 AND chance = 1 AND fake IS NOT NULL THEN 1 ELSE 0 END), 0) AS answered,
        coalesce(sum(CASE WHEN reviewed = 1 AND chance = 1 AND fake = 1 THEN 1 ELSE 0 END), 0) AS found,
        coalesce(sum(CASE WHEN reviewed = 1 AND chance < 1 AND fake IS NOT NULL THEN 1 ELSE 0 END), 0) AS sampled,
        sum(CASE WHEN reviewed = 1 AND chance < 1 AND fake IS NOT NULL THEN 1 / chance END) AS weight,
        sum(CASE WHEN reviewed = 1 AND chance < 1 AND fake = 1 THEN 1 / chance ELSE 0 END) AS found_weight
    FROM listings WHERE {group}
)
SELECT n, answered + sampled AS judged, (
    CASE WHEN answered = certain THEN found
        WHEN answered > 0 THEN found + (certain - answered) * 1.0 * found / answered END
    + CASE WHEN n = certain THEN 0 WHEN sampled > 0 THEN (n - certain) * found_weight / weight END
) * 1.0 / nullif(n, 0) AS share
FROM counts
