-- One row per customer: what was known just before asked_at, and whether a hat was ordered in the 30 days from then on.
-- Views: customers, questions, orders. Money is in whole cents, so sums are exact whatever the order of the rows.

with timed as not materialized (
    -- Every order, seen from the moment its customer is asked about; days_ago counts full days.
    -- Read once for the history and once for the label: with 8,700,000 orders that beats keeping it.
    select
        orders.customer_id,
        orders.ordered_at < questions.asked_at as is_past,
        date_sub('day', orders.ordered_at, questions.asked_at) as days_ago,
        orders.ordered_at < questions.asked_at + interval 30 day as before_window_ends,
        orders.item,
        orders.price_cents,
        orders.on_sale
    from orders
    join questions using (customer_id)
),

-- Only the past may become a feature ...
history as (
    select
        customer_id,
        count(*) as orders_total,
        count(*) filter (days_ago < 30) as orders_30d,
        count(*) filter (days_ago < 90) as orders_90d,
        count(*) filter (days_ago < 365) as orders_365d,
        min(days_ago) as days_since_order,
        max(days_ago) as days_since_first_order,
        sum(price_cents) filter (days_ago < 90) as spent_90d_cents,
        sum(price_cents) filter (days_ago < 365) as spent_365d_cents,
        sum(price_cents) / count(*) as mean_price_cents,
        count(*) filter (on_sale) / count(*) as share_on_sale,
        count(*) filter (item = 'hat') as hats_total,
        count(*) filter (item = 'hat' and days_ago < 60) as hats_60d,
        count(*) filter (item = 'hat' and days_ago < 365) as hats_365d,
        min(days_ago) filter (item = 'hat') as days_since_hat,
        count(*) filter (item in ('scarf', 'gloves') and days_ago < 120) as warm_items_120d
    from timed
    where is_past
    group by customer_id
),

-- ... and only the window becomes the label.
bought as (
    select distinct customer_id
    from timed
    where not is_past and before_window_ends and item = 'hat'
)

select
    customer_id,
    questions.asked_at,
    -- who they are
    customers.gender,
    customers.age,
    customers.income,
    customers.city,
    customers.channel,
    customers.newsletter,
    date_diff('day', customers.signed_up_on, questions.asked_at::date) as days_since_sign_up,
    -- season
    month(questions.asked_at) as month,
    -- how recently
    history.days_since_order,
    history.days_since_first_order,
    history.days_since_hat,
    -- how often: a customer without orders has none, which is a fact and not a gap
    coalesce(history.orders_30d, 0) as orders_30d,
    coalesce(history.orders_90d, 0) as orders_90d,
    coalesce(history.orders_365d, 0) as orders_365d,
    coalesce(history.orders_total, 0) as orders_total,
    coalesce(history.hats_60d, 0) as hats_60d,
    coalesce(history.hats_365d, 0) as hats_365d,
    coalesce(history.hats_total, 0) as hats_total,
    coalesce(history.warm_items_120d, 0) as warm_items_120d,
    -- how much
    coalesce(history.spent_90d_cents, 0)::bigint as spent_90d_cents,
    coalesce(history.spent_365d_cents, 0)::bigint as spent_365d_cents,
    history.mean_price_cents,
    history.share_on_sale,
    -- the answer
    bought.customer_id is not null as bought_hat
from questions
join customers using (customer_id)
left join history using (customer_id)
left join bought using (customer_id)
order by customer_id
