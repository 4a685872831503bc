import { exitAfter } from "./exit.ts";
import { observe } from "./observe.ts";

/* `npm run observe`. */
exitAfter(observe);
