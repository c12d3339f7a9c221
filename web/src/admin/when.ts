import { browserZone } from "../explorer/state";
import { formatTime } from "../lib/time";

/** when writes a time of the API for people; nothing for none. */
export const when = (t: string | undefined) => (t ? formatTime(Date.parse(t), browserZone, "second") : "");
