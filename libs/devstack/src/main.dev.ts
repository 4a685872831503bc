import { renderBlock } from "./block.ts";
import { runAndExit } from "./run.ts";

/* The task of `turbo dev`. */
runAndExit({ isEdited: true, onReady: (...stack) => console.log(renderBlock(...stack)) });
