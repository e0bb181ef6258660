-- Whose state this is: one row.
CREATE TABLE talreg_cluster(
    only_one boolean PRIMARY KEY DEFAULT true CHECK(only_one),
    name text NOT NULL);
