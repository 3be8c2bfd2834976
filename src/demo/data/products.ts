import { addDays, isoDay, lastDay } from "./calendar.ts";
import type { MadeFiles } from "./data-file.ts";
import { createRandom, type Random } from "./random.ts";

/** What the shop sells. Prices are whole cents, so that sums are exact. */
export interface Product {
  sku: string;
  name: string;
  category: string;
  priceCents: number;
}

interface Category {
  name: string;
  code: string;
  nouns: readonly string[];
  minCents: number;
  maxCents: number;
  /** Attributes only products of this kind have. */
  attributes(random: Random): Record<string, unknown>;
}

const categories: readonly Category[] = [
  {
    name: "Tents",
    code: "TNT",
    nouns: ["Dome Tent", "Tunnel Tent", "Tarp"],
    minCents: 8_900,
    maxCents: 64_900,
    attributes: (r) => ({
      persons: r.between(1, 6),
      water_column_mm: r.between(2, 6) * 1000,
      poles: r.pick(["aluminium", "fibreglass"]),
    }),
  },
  {
    name: "Sleeping bags",
    code: "SLP",
    nouns: ["Down Bag", "Synthetic Bag", "Quilt"],
    minCents: 5_900,
    maxCents: 42_900,
    attributes: (r) => ({
      comfort_celsius: r.between(-18, 12),
      fill: r.pick(["duck down", "synthetic"]),
      left_zip: r.chance(0.5),
    }),
  },
  {
    name: "Backpacks",
    code: "BAG",
    nouns: ["Daypack", "Trekking Pack", "Roll-Top"],
    minCents: 4_900,
    maxCents: 27_900,
    attributes: (r) => ({ volume_l: r.between(12, 75), rain_cover: r.chance(0.6) }),
  },
  {
    name: "Jackets",
    code: "JKT",
    nouns: ["Shell Jacket", "Down Jacket", "Fleece"],
    minCents: 6_900,
    maxCents: 44_900,
    attributes: (r) => ({
      sizes: ["XS", "S", "M", "L", "XL"].slice(r.between(0, 1), r.between(4, 5)),
      hood: r.chance(0.7),
    }),
  },
  {
    name: "Footwear",
    code: "SHO",
    nouns: ["Hiking Boot", "Trail Shoe", "Sandal"],
    minCents: 5_400,
    maxCents: 28_900,
    attributes: (r) => ({
      eu_sizes: { from: r.between(35, 38), to: r.between(45, 48) },
      waterproof: r.chance(0.5),
    }),
  },
  {
    name: "Cooking",
    code: "COK",
    nouns: ["Gas Stove", "Titanium Pot", "Spork Set"],
    minCents: 790,
    maxCents: 15_900,
    attributes: (r) => ({
      material: r.pick(["titanium", "steel", "aluminium"]),
      dishwasher_safe: r.chance(0.8),
    }),
  },
  {
    name: "Lighting",
    code: "LMP",
    nouns: ["Headlamp", "Lantern", "Bike Light"],
    minCents: 1_490,
    maxCents: 11_900,
    attributes: (r) => ({
      lumen: r.between(1, 12) * 100,
      battery: { type: r.pick(["AAA", "18650", "USB-C"]), hours: r.between(4, 60) },
    }),
  },
  {
    name: "Bottles",
    code: "BTL",
    nouns: ["Insulated Bottle", "Filter Bottle", "Mug"],
    minCents: 990,
    maxCents: 5_990,
    attributes: (r) => ({ volume_ml: r.between(3, 12) * 100, bpa_free: true }),
  },
];

const lines = ["Fjord", "Karst", "Moraine", "Tundra", "Sierra"];

/** All products, cheapest line first within each category. The same list prices orders, events and stock. */
export function makeProducts(): Product[] {
  const random = createRandom("products");
  return categories.flatMap((category) =>
    lines.flatMap((line, lineIndex) =>
      category.nouns.map((noun, nounIndex) => ({
        sku: `${category.code}-${100 + lineIndex * 10 + nounIndex}`,
        name: `${line} ${noun}`,
        category: category.name,
        priceCents: random.between(category.minCents / 10, category.maxCents / 10) * 10 + 9,
      })),
    ),
  );
}

export interface ProductFacts {
  products: number;
  categories: string[];
}

/** `products/products.json`: one JSON array; the attributes differ by category. */
export function makeProductFile(products: readonly Product[]): MadeFiles<ProductFacts> {
  const random = createRandom("product details");
  const records = products.map((product) => describeProduct(product, random));
  const content = `${JSON.stringify(records, undefined, 2)}\n`;
  return {
    files: [{ place: "demo-lake", key: "products/products.json", content, modified: addDays(lastDay, -3) }],
    facts: { products: records.length, categories: categories.map(({ name }) => name) },
  };
}

function describeProduct({ sku, name, category, priceCents }: Product, random: Random) {
  return {
    sku,
    name,
    category,
    price: { amount: (priceCents / 100).toFixed(2), currency: "EUR" },
    weight_g: random.between(40, 4_200),
    attributes: categories.find((candidate) => candidate.name === category)?.attributes(random) ?? {},
    tags: ["new", "sale", "bestseller", "eco", "bundle"].filter(() => random.chance(0.25)),
    stock: [
      { warehouse: "HAM-1", units: random.between(0, 900) },
      { warehouse: "RTM-2", units: random.between(0, 400) },
    ],
    rating: random.chance(0.9)
      ? { average: random.between(28, 50) / 10, reviews: random.between(1, 2_400) }
      : null,
    released_on: isoDay(addDays(lastDay, -random.between(60, 2_400))),
    discontinued: random.chance(0.06),
  };
}
