/** A country the shop delivers to. `weight` is its share of the orders. */
export interface Country {
  code: string;
  currency: string;
  weight: number;
  /** City and one of its postal codes, kept as text: some begin with zeros. */
  cities: readonly (readonly [city: string, postalCode: string])[];
}

export const countries: readonly Country[] = [
  {
    code: "DE",
    currency: "EUR",
    weight: 31,
    cities: [
      ["Dresden", "01067"],
      ["Leipzig", "04109"],
      ["Hamburg", "20095"],
      ["Köln", "50667"],
      ["München", "80331"],
    ],
  },
  {
    code: "US",
    currency: "USD",
    weight: 18,
    cities: [
      ["Holtsville", "00501"],
      ["Boston", "02108"],
      ["Burlington", "05401"],
      ["Denver", "80202"],
      ["Portland", "97201"],
    ],
  },
  {
    code: "GB",
    currency: "GBP",
    weight: 14,
    cities: [
      ["London", "SW1A 1AA"],
      ["Leeds", "LS1 4DY"],
      ["Glasgow", "G2 1DU"],
    ],
  },
  {
    code: "FR",
    currency: "EUR",
    weight: 12,
    cities: [
      ["Nice", "06000"],
      ["Lyon", "69001"],
      ["Saint-Étienne", "42000"],
    ],
  },
  {
    code: "NL",
    currency: "EUR",
    weight: 8,
    cities: [
      ["Amsterdam", "1012 AB"],
      ["’s-Hertogenbosch", "5211 AA"],
    ],
  },
  {
    code: "PL",
    currency: "PLN",
    weight: 6,
    cities: [
      ["Łódź", "90-001"],
      ["Kraków", "30-001"],
    ],
  },
  {
    code: "CH",
    currency: "CHF",
    weight: 6,
    cities: [
      ["Zürich", "8001"],
      ["Genève", "1201"],
    ],
  },
  {
    code: "SE",
    currency: "SEK",
    weight: 5,
    cities: [
      ["Malmö", "211 20"],
      ["Göteborg", "411 03"],
    ],
  },
];

/** Customers have the numbers from 1 up to this one. */
export const customerCount = 20_000;

export const firstNames = [
  "Amara", "Anna", "Björn", "Chloé", "Daniel", "Elif", "Emma", "François", "Grace", "Hanna", "Ibrahim", "Ingrid",
  "Jakub", "Jonas", "Karin", "Léa", "Liam", "Łukasz", "Maja", "Marco", "Mia", "Noah", "Nora", "Oskar", "Priya",
  "Rosa", "Samuel", "Sofía", "Theo", "Yuki",
] as const; // biome-ignore format: a list reads better in lines than one by one

export const lastNames = [
  "Andersson",
  "Bakker",
  "Becker",
  "Brown",
  "Dubois",
  "Fischer",
  "García",
  "Hughes",
  "Kowalski",
  "Larsson",
  "Lefèvre",
  "Martin",
  "Meier",
  "Müller",
  "Nguyen",
  "O'Neill",
  "Okafor",
  "Patel",
  "Rossi",
  "Schmidt",
  "Smith",
  "Svensson",
  "van den Berg",
  "Weber",
  "Wiśniewska",
  "Wójcik",
  "Yılmaz",
  "Zimmermann",
] as const;
