/** How much more a live server can take. */
export { headroom, type HeadroomInput } from "./headroom.js";
