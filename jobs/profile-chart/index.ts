/** What the chart of a profile shows: its fit, and its memory model beside what was measured. */
export { profileScene } from "./profile-scene.js";
