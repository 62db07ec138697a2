-- What a line has used is a sum without a bound: ten thousand amounts of the largest that one may be were more than the
-- columns held, and what was spent could not be written down any more. More digits before the same four places: no row is
-- written anew.
-- AlterTable
ALTER TABLE "budget_alerts" ALTER COLUMN "threshold_value" SET DATA TYPE DECIMAL(38,4),
ALTER COLUMN "current_value" SET DATA TYPE DECIMAL(38,4);

-- AlterTable
ALTER TABLE "budgets" ALTER COLUMN "daily_cost_used" SET DATA TYPE DECIMAL(38,4),
ALTER COLUMN "monthly_cost_used" SET DATA TYPE DECIMAL(38,4),
ALTER COLUMN "cost_reserved" SET DATA TYPE DECIMAL(38,4),
ALTER COLUMN "daily_cost_overridden" SET DATA TYPE DECIMAL(38,4),
ALTER COLUMN "monthly_cost_overridden" SET DATA TYPE DECIMAL(38,4);
