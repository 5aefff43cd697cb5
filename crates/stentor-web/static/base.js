// Where this server's routes begin.

/** Where the routes begin: where the server says, or at `?base=/some/path` of the same origin. */
export function basePath() {
  const told = document.querySelector('meta[name="stentor-base"]').content;
  const wanted = new URLSearchParams(location.search).get("base") ?? told;
  const base = new URL(`${wanted.replace(/\/*$/, "")}/`, location.href);
  base.search = base.hash = "";
  return base.origin === location.origin ? base : new URL("/", location.origin);
}
