export { deliverRun, deliveryFlags, keptAsItGoes, requireRoom, requireRunPlaces } from "./deliver.js";
export { keepPictures, pictureFlags, requirePicturePlaces } from "./pictures.js";
export { readRunSaying, repeatFolder, warnIfCut } from "./places.js";
export { keepResult, metadataOf, saveResult, savesResult } from "./result-file.js";
