// What every page may need. Each part looks for its own data-… marks and does nothing where there are none.
import { startBoardAlarm } from "./board-alarm.js";
import { startCommunePickers } from "./commune-picker.js";
import { startDialogs } from "./dialogs.js";
import { startDraft } from "./draft.js";
import { startFormComforts } from "./form-comforts.js";
import { startInPlaceAnswers } from "./in-place.js";
import { startLive } from "./live.js";
import { startPasskeys } from "./passkeys.js";
import { startServiceBack } from "./service-back.js";
import { startShortcuts } from "./shortcuts.js";

// The draft comes first: the others read the fields it has filled again.
startDraft();
startCommunePickers();
startFormComforts();
startDialogs();
startInPlaceAnswers();
startPasskeys();
startShortcuts();
startBoardAlarm();
startServiceBack();
startLive();
