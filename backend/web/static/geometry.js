/** Where things are on the map: great circles, and the part of the world to show. Degrees; x to the east, y to the south. Pure. */

const RADIANS = Math.PI / 180;
const STEPS = 32;

/** `lon` as the number nearest to `centre` that means the same meridian, so that a map may reach over the date line. */
export const near = (lon, centre) => lon - 360 * Math.round((lon - centre) / 360);

/** Points [lon, lat] along the great circle from `a` to `b`, both {lat, lon}, without a jump at the date line. */
export function greatCircle(a, b) {
  const [p, q] = [a, b].map(vector);
  const angle = Math.acos(Math.min(1, Math.max(-1, p[0] * q[0] + p[1] * q[1] + p[2] * q[2])));
  if (angle < 1e-9) return [[a.lon, a.lat]];
  let last = a.lon;
  return Array.from({ length: STEPS + 1 }, (_, step) => {
    const [s, t] = [Math.sin((1 - step / STEPS) * angle), Math.sin((step / STEPS) * angle)];
    const [x, y, z] = p.map((value, axis) => (s * value + t * q[axis]) / Math.sin(angle));
    last = near(Math.atan2(y, x) / RADIANS, last);
    return [last, Math.atan2(z, Math.hypot(x, y)) / RADIANS];
  });
}

function vector({ lat, lon }) {
  const [phi, lambda] = [lat * RADIANS, lon * RADIANS];
  return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)];
}

/**
 * The part of the world that holds all `points` ([lon, lat]) with some room about them, in the proportions of `ratio`
 * (width to height) as drawn; `stretch` is how much longer a degree of latitude is drawn than one of longitude.
 */
export function frame(points, ratio) {
  const lons = points.map(([lon]) => lon);
  const lats = points.map(([, lat]) => lat);
  const [west, east] = [Math.min(...lons), Math.max(...lons)];
  const [south, north] = [Math.min(...lats), Math.max(...lats)];
  const middle = { lon: (west + east) / 2, lat: (south + north) / 2 };
  const stretch = 1 / Math.max(0.35, Math.cos(middle.lat * RADIANS));
  let width = Math.max((east - west) * 1.16, 12);
  let height = Math.max((north - south) * 1.2 * stretch, 12);
  if (width / height < ratio) width = height * ratio;
  else height = width / ratio;
  width = Math.min(width, 360);
  return { x: middle.lon - width / 2, y: -middle.lat * stretch - height / 2, width, height, stretch };
}
