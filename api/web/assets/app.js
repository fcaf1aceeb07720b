// What every page does; each behaviour is a module of its own.
import "./toggle.js";
import "./times.js";
import "./toasts.js";
import "./menus.js";
import "./dialogs.js";
import "./forms.js";
import "./keys.js";
import "./palette.js";
import "./filters.js";
import "./tables.js";
import "./notifications.js";
