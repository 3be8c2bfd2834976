import { addDays, isoDay, lastDay } from "./calendar.ts";
import type { DataFile, MadeFiles } from "./data-file.ts";
import type { Product } from "./products.ts";
import { createRandom, type Random } from "./random.ts";
import { countries, firstNames, lastNames } from "./shop.ts";
import { hostileStory, type TicketStory, ticketStories } from "./ticket-stories.ts";

export interface TicketFacts {
  files: number;
  keys: string[];
  /** The ticket that holds instructions for a machine, to try how they are taken. */
  hostileKey: string;
}

const ticketCount = 40;
const hostileIndex = 23;
const firstNumber = 48_201;

/** `support/tickets/ticket-48201.txt` and on: tickets of the shop's support, readable, as plain text. */
export function makeTickets(products: readonly Product[]): MadeFiles<TicketFacts> {
  const random = createRandom("tickets");
  const files = Array.from({ length: ticketCount }, (_, index): DataFile => {
    const story = index === hostileIndex ? hostileStory : storyAt(index);
    const opened = addDays(lastDay, -Math.floor((ticketCount - index) * 1.4));
    return {
      place: "demo-lake",
      key: `support/tickets/ticket-${firstNumber + index}.txt`,
      content: writeTicket(firstNumber + index, story, opened, fillings(products, random), random),
      modified: addDays(opened, 1),
    };
  });
  const keys = files.map(({ key }) => key);
  return { files, facts: { files: files.length, keys, hostileKey: keys[hostileIndex] ?? "" } };
}

function storyAt(index: number): TicketStory {
  const story = ticketStories[index % ticketStories.length];
  if (!story) throw new RangeError("There are no ticket stories.");
  return story;
}

function fillings(products: readonly Product[], random: Random): Record<string, string> {
  const product = random.pick(products);
  const [city] = random.pick(random.weighted(countries).cities);
  return {
    customer: `${random.pick(firstNames)} ${random.pick(lastNames)}`,
    agent: random.pick(["Karin", "Samuel", "Nora", "Ibrahim"]),
    order: String(random.between(100_150_000, 100_199_999)),
    product: product.name,
    sku: product.sku,
    amount: `${(product.priceCents / 100).toFixed(2)} EUR`,
    city,
    days: String(random.between(4, 12)),
  };
}

function writeTicket(
  number: number,
  story: TicketStory,
  opened: Date,
  words: Record<string, string>,
  random: Random,
) {
  const fill = (text: string) => text.replace(/\{(\w+)\}/g, (_, name: string) => words[name] ?? name);
  const head = [
    `Ticket: ${number}`,
    `Subject: ${fill(story.subject)}`,
    `Customer: ${words.customer}`,
    `Opened: ${isoDay(opened)}`,
    `Channel: ${story.channel}`,
    `Priority: ${story.priority}`,
    `Status: ${story.status}`,
  ];
  const turns = story.turns.map((turn, index) => {
    const who = index % 2 === 0 ? words.customer : `${words.agent} (support)`;
    const time = `${String(8 + index * 3).padStart(2, "0")}:${String(random.between(0, 59)).padStart(2, "0")}`;
    return `--- ${who}, ${isoDay(addDays(opened, Math.min(index, 1)))} ${time} ---\n\n${wrap(fill(turn))}`;
  });
  return `${head.join("\n")}\n\n${turns.join("\n\n")}\n`;
}

const lineChars = 88;

/** Breaks a paragraph into lines, as a mail program does. */
function wrap(text: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + word.length >= lineChars) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}
