/** Goals of classes are of classes that the load has. */
import { ConfigError, type Goals, type Load, type Slo } from "../formats/index.js";
import { classesOf } from "../sim/index.js";

/** The goals, with the share of the requests that a goal's class has. ConfigError for a class that the load does not have. */
export function goalsOfLoad(goals: Goals, load: Load): Goals {
  const classes = classesOf(load);
  const total = classes.reduce((sum, { share }) => sum + share, 0);
  const slos = goals.slos.map((slo): Slo => {
    if (slo.class === undefined) return slo;
    const found = classes.find(({ name }) => name === slo.class);
    if (found !== undefined) return { ...slo, share: found.share / total };
    const names = classes.map(({ name }) => name).join(" or ");
    const expected = names === "" ? "--classes, which say which request is of which class" : names;
    throw new ConfigError(`--slo ${slo.name}: the load has no class ${slo.class}, expected ${expected}`);
  });
  return { ...goals, slos };
}
