-- Reservations are found by their id, or by the time that they are over: nobody lists those of a project, and each index
-- is written with every reservation.

-- DropIndex
DROP INDEX "budget_reservations_project_id_id_idx";
