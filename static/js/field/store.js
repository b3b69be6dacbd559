// What is on this phone: kits taken along, drafts of visits, their photos. Survives the tab, the browser and the battery.
// Every change reads and writes within one transaction, so two tabs lose nothing of each other.

const NAME = "field";
const VERSION = 1;
const TABLES = {kits: "packet", drafts: "visit", photos: "id"};

const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const [table, keyPath] of Object.entries(TABLES)) request.result.createObjectStore(table, {keyPath});
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}

/** IndexedDB: a change is on the disk before it is called saved. */
class Disk {
  static async open() {
    const disk = new Disk();
    disk.database = await open();
    // A newer version of this page in another tab may go ahead; this one opens again when it needs to.
    disk.database.onversionchange = () => disk.database.close();
    return disk;
  }

  /** Runs `work(tables)` in one transaction; resolves with its result when all of it is written. */
  run(mode, work) {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction(Object.keys(TABLES), mode, {durability: "strict"});
      const tables = Object.fromEntries(Object.keys(TABLES).map((name) => {
        const table = transaction.objectStore(name);
        return [name, {
          get: (key) => done(table.get(key)),
          all: () => done(table.getAll()),
          keys: () => done(table.getAllKeys()),
          put: (row) => { table.put(row); },
          drop: (key) => { table.delete(key); },
        }];
      }));
      let result;
      transaction.oncomplete = () => resolve(result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error("aborted"));
      work(tables).then((value) => { result = value; }, (error) => {
        reject(error);
        try { transaction.abort(); } catch { /* it ended by itself */ }
      });
    });
  }
}

const copy = (row) => (globalThis.structuredClone ? structuredClone(row) : row);

/** Where the browser refuses IndexedDB (a file opened by another app): kept until the page is closed, and no longer. */
class Memory {
  constructor() {
    this.rows = Object.fromEntries(Object.keys(TABLES).map((name) => [name, new Map()]));
  }

  async run(mode, work) {
    const tables = Object.fromEntries(Object.entries(this.rows).map(([name, rows]) => [name, {
      get: async (key) => copy(rows.get(key)),
      all: async () => [...rows.values()].map(copy),
      keys: async () => [...rows.keys()],
      put: (row) => { rows.set(row[TABLES[name]], copy(row)); },
      drop: (key) => { rows.delete(key); },
    }]));
    const before = this.last ?? Promise.resolve();
    this.last = before.then(() => work(tables));
    const mine = this.last;
    this.last = mine.catch(() => {});
    return mine;
  }
}

export class Store {
  constructor(place, isKept) {
    this.place = place;
    this.isKept = isKept;
    this.listeners = [];
    if (isKept && globalThis.BroadcastChannel) {
      this.channel = new BroadcastChannel(NAME);
      this.channel.onmessage = ({data}) => this.hear(data, true);
    }
  }

  /** Calls `listener(visit, isElsewhere)` after every change of a draft here (false) or in another tab (true). */
  onChange(listener) { this.listeners.push(listener); }

  hear(visit, isElsewhere) {
    for (const listener of this.listeners) listener(visit, isElsewhere);
  }

  tell(visit) {
    this.channel?.postMessage(visit);
    this.hear(visit, false);
  }

  read(work) { return this.place.run("readonly", work); }

  kits() { return this.read(({kits}) => kits.all()); }
  drafts() { return this.read(({drafts}) => drafts.all()); }
  draft(visit) { return this.read(({drafts}) => drafts.get(visit)); }
  photo(id) { return this.read(({photos}) => photos.get(id)); }

  async kitOf(visit) { return (await this.kits()).find((kit) => kit.visit === visit); }

  /** Keeps a kit; an earlier one for the same visit goes. */
  async keep(kit) {
    await this.place.run("readwrite", async ({kits}) => {
      for (const old of await kits.all()) if (old.visit === kit.visit && old.packet !== kit.packet) kits.drop(old.packet);
      kits.put(kit);
    });
    this.tell(kit.visit);
  }

  /** Begins a draft; one that another tab has begun stays as it is. Gives the draft that stands. */
  async begin(draft) {
    const standing = await this.place.run("readwrite", async ({drafts}) => {
      const there = await drafts.get(draft.visit);
      if (!there) drafts.put(draft);
      return there ?? draft;
    });
    this.tell(draft.visit);
    return standing;
  }

  /**
   * Changes a draft: `work(draft)` alters it and may give ids of photos that go; `photos` are rows kept with it.
   * Gives the draft as it is now, or undefined when another tab has deleted it.
   */
  async change(visit, work, photos = []) {
    const changed = await this.place.run("readwrite", async (tables) => {
      const draft = await tables.drafts.get(visit);
      if (!draft) return undefined;
      const gone = work(draft);
      tables.drafts.put(draft);
      for (const photo of photos) tables.photos.put(photo);
      for (const id of gone ?? []) tables.photos.drop(id);
      return draft;
    });
    this.tell(visit);
    return changed;
  }

  /** Forgets a visit wholly: its kit, its draft, its photos. */
  async forget(visit) {
    await this.place.run("readwrite", async ({kits, drafts, photos}) => {
      const draft = await drafts.get(visit);
      for (const id of Object.keys(draft?.photos ?? {})) photos.drop(id);
      for (const kit of await kits.all()) if (kit.visit === visit) kits.drop(kit.packet);
      drafts.drop(visit);
    });
    this.tell(visit);
  }
}

/** The store of this browser; `isKept` is false when it lasts only as long as the page. */
export async function openStore() {
  try {
    return new Store(await Disk.open(), true);
  } catch {
    return new Store(new Memory(), false);
  }
}

/** On logout: what was taken along and not used goes; drafts stay. Gives how many drafts are not delivered. */
export async function leave() {
  const disk = await Disk.open();
  return disk.run("readwrite", async ({kits, drafts}) => {
    const begun = await drafts.all();
    const kept = new Set(begun.map((draft) => draft.visit));
    for (const kit of await kits.all()) if (!kept.has(kit.visit)) kits.drop(kit.packet);
    return begun.filter((draft) => !draft.delivered_at).length;
  });
}
