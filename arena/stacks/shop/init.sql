CREATE TABLE orders (id serial PRIMARY KEY, item text NOT NULL, paid boolean DEFAULT false);
INSERT INTO orders (item) VALUES ('lamp'), ('chair'), ('table');
