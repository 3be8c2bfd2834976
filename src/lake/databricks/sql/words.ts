function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/).filter((word) => word !== ""));
}

/** Words that begin a part of a query. In an expression they end it, or are refused: a column called so takes backticks. */
export const clauseWords = words(`
  select from where group having qualify window order limit offset union intersect except minus join inner cross
  left right full semi anti natural on using lateral pivot unpivot tablesample with values table sort cluster
  distribute into set
`);

const types = `
  boolean tinyint smallint int integer bigint float real double decimal dec numeric string char varchar binary
  date timestamp timestamp_ntz timestamp_ltz interval array map struct variant
`;

const units = `
  year years quarter quarters month months week weeks day days dayofyear hour hours minute minutes second seconds
  millisecond milliseconds microsecond microseconds nanosecond nanoseconds
`;

/** Words of expressions that are sent bare; any other word is a name and is sent in backticks. */
export const expressionWords = words(`
  and or not in is null true false between like ilike rlike regexp escape case when then else end as distinct all
  any some exists over partition by asc desc nulls first last rows range unbounded preceding following current row
  filter within div collate ignore respect leading trailing both for grouping sets rollup cube to
  current_date current_timestamp ${types} ${units}
`);

/** Words of expressions that a parenthesis may follow without being a function's. */
export const wordsBeforeGroup = words(`
  and or not in is when then else case between like ilike rlike regexp any all some exists over by filter group
  sets rollup cube as div
`);

/** What a type may be given in parentheses. */
export const typesWithLength = words("decimal dec numeric char varchar");

/** Functions whose arguments may hold FROM. */
export const fromFunctions = words("extract trim ltrim rtrim substring substr overlay");

/** Functions that may stand in FROM: they make rows from their arguments alone. */
export const tableFunctions = words(`
  explode explode_outer posexplode posexplode_outer inline inline_outer stack range variant_explode
  variant_explode_outer
`);

/** Names that a session answers with facts of its own where no column is called so. */
export const sessionWords = words(
  "user current_user session_user current_catalog current_database current_schema",
);

/**
 * Built-in functions of Databricks SQL that compute a value from their arguments alone. Left out are all that reach
 * files, networks, models, secrets, code, other tables or the session: read_files, http_request, ai_query,
 * ai_generate, secret, reflect, java_method, from_avro, input_file_name, current_user, is_member and their like.
 * Source: Databricks SQL "Alphabetical list of built-in functions".
 */
export const scalarFunctions = words(`
  abs acos acosh add_months aggregate any any_value approx_count_distinct approx_percentile approx_top_k array
  array_agg array_append array_compact array_contains array_distinct array_except array_insert array_intersect
  array_join array_max array_min array_position array_prepend array_remove array_repeat array_size array_sort
  array_union arrays_overlap arrays_zip ascii asin asinh atan atan2 atanh avg base64 bigint bin binary bit_and
  bit_count bit_get bit_length bit_or bit_xor bitmap_bit_position bitmap_bucket_number bitmap_construct_agg
  bitmap_count bitmap_or_agg bool_and bool_or boolean bround btrim cardinality cast cbrt ceil ceiling char
  char_length character_length charindex chr coalesce collation collect_list collect_set concat concat_ws contains
  conv convert_timezone corr cos cosh cot count count_if count_min_sketch covar_pop covar_samp crc32 csc cume_dist
  curdate current_date current_timestamp current_timezone date date_add date_diff date_format date_from_unix_date
  date_part date_sub date_trunc dateadd datediff day dayname dayofmonth dayofweek dayofyear decimal decode degrees
  dense_rank double e element_at elt encode endswith equal_null every exists exp explode explode_outer expm1 extract
  factorial filter find_in_set first first_value flatten float floor forall format_number format_string from_csv
  from_json from_unixtime from_utc_timestamp get get_json_object getbit greatest grouping grouping_id hash hex
  hll_sketch_agg hll_sketch_estimate hll_union hll_union_agg hour hypot if iff ifnull in initcap inline inline_outer
  instr int isnan isnotnull isnull json_array_length json_object_keys json_tuple kurtosis lag last last_day
  last_value lcase lead least left len length levenshtein listagg ln locate log log10 log1p log2 lower lpad ltrim
  luhn_check make_date make_dt_interval make_interval make_timestamp make_ym_interval map map_concat
  map_contains_key map_entries map_filter map_from_arrays map_from_entries map_keys map_values map_zip_with mask max
  max_by md5 mean median min min_by minute mod mode month months_between named_struct nanvl negative next_day now
  nth_value ntile nullif nullifzero nvl nvl2 octet_length overlay parse_json parse_url percent_rank percentile
  percentile_approx percentile_cont percentile_disc pi pmod posexplode posexplode_outer position positive pow power
  printf quarter radians rand randn random randstr range rank reduce regexp_count regexp_extract regexp_extract_all
  regexp_instr regexp_like regexp_replace regexp_substr regr_avgx regr_avgy regr_count regr_intercept regr_r2
  regr_slope regr_sxx regr_sxy regr_syy repeat replace reverse right rint round row_number rpad rtrim
  schema_of_csv schema_of_json schema_of_json_agg schema_of_variant schema_of_variant_agg sec second sentences
  sequence sha sha1 sha2 shiftleft shiftright shiftrightunsigned shuffle sign signum sin sinh size skewness slice
  smallint some sort_array soundex space split split_part sqrt stack startswith std stddev stddev_pop stddev_samp
  str_to_map string string_agg struct substr substring substring_index sum tan tanh timediff timestamp
  timestamp_micros timestamp_millis timestamp_seconds timestampadd timestampdiff tinyint to_binary to_char to_csv
  to_date to_json to_number to_timestamp to_unix_timestamp to_utc_timestamp to_varchar to_variant_object transform
  transform_keys transform_values translate trim trunc try_add try_avg try_cast try_divide try_element_at try_mod
  try_multiply try_parse_json try_subtract try_sum try_to_binary try_to_date try_to_number try_to_timestamp
  try_url_decode try_variant_get typeof ucase unbase64 unhex uniform unix_date unix_micros unix_millis unix_seconds
  unix_timestamp upper url_decode url_encode uuid var_pop var_samp variance variant_get weekday weekofyear
  width_bucket xxhash64 year zeroifnull zip_with
`);
