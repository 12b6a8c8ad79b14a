/** Costs of the server's front end, from requests and step logs. */
export { fitFrontEnd, type FrontEndFit } from "./fit-front-end.js";
