const pad = "lorem ipsum dolor ".repeat(5);

/** One event of about 295 bytes; load.lua writes the same. `data` is the start of its data object, ending in a comma. */
export const benchEvent = (prefix: string, counter: number, data = '"total":12.50,'): string =>
  `{"specversion":"1.0","id":"${prefix}-${counter}","source":"/bench","type":"order.created","subject":"customer-${counter % 1000}","time":"2026-11-21T08:00:00Z","data":{${data}"currency":"EUR","note":"${pad}"}}`;
